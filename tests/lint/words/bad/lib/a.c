/* a.c -- TODO: everything. */
