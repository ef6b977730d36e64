"""Speaking to one provider over HTTP: requests, responses and what they mean, polling, media upload, download."""
