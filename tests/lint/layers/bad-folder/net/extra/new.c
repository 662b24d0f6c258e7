/* new.c -- a folder that the table does not name. */
