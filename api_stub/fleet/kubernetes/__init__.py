"""Workers as Pods of a Deployment: Kubernetes keeps their number, and brings back whoever ends."""
