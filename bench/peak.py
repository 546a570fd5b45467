"""Runs a command and writes its largest resident memory, in megabytes, to a file: peak.py FILE COMMAND…"""

import resource
import subprocess
import sys

ended = subprocess.run(sys.argv[2:])
with open(sys.argv[1], "w") as f:
    f.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(ended.returncode)
