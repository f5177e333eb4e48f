"""What the system can prove about itself: the ledger on disk, the audit, receipts, statistics, retention.

Pure rules: ledger_lines, audit, balance, interrupted_orders, death_receipt, temporal_answers, stats, and the
choice in retention. IO: ledger and receipts (files), ends and retirement (the ledger, by what was counted),
recount and takeovers (Temporal). `service.Records` joins them.
"""
