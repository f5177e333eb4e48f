"""What the system can prove about itself: the ledger on disk, the audit, receipts, statistics, retention.

Pure rules: lines, audit, grip, stats, and the choice in retention. IO: ledger (a file), receipts (a file),
recount and follow (Temporal, through the gateway). `keeper.Records` joins them.
"""
