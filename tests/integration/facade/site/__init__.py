"""A small legacy site behind the facade, run by gunicorn or uvicorn in a process of its own."""
