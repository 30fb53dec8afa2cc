/* A list of functions that drivers should not call; the checks are the emulator's (W-TYP-20). */
