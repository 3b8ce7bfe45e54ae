"""`python -m gsdmc`: the command line."""

import sys

from gsdmc.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
