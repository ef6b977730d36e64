"""The pages and their fragments: form, picker, cards, jobs, keys."""
