"""`python -m web.cli COMMAND`, the same as `shotlist COMMAND`."""

import sys

from web.cli import main

sys.exit(main())
