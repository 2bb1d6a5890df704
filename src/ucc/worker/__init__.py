"""The worker: jobs that run after calls, niced, as many processes of it as one likes."""
