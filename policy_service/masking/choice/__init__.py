"""The weakest masking that hides enough: candidates, search, loss, a made-up sample."""
