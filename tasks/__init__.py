"""When things happen: the rows, the life of a job, the queue, the worker, and where media is kept."""
