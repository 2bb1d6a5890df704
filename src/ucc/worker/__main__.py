"""`python -m ucc.worker`: runs until SIGTERM or SIGINT."""

from ucc.worker.run import main

if __name__ == "__main__":
    main()
