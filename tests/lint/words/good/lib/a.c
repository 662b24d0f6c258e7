/* a.c -- AUTODOC and HACKED are words like others. */
