"""What `./run_all.sh` runs: Temporal, the API with its fleet, and the game, started, kept up and stopped."""
