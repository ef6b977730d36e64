"""The JSON API and the providers' webhooks."""
