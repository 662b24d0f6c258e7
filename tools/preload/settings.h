/* The settings, which are environment variables: those of the TAP program under names of their own. */
#ifndef PRELOAD_SETTINGS_H
#define PRELOAD_SETTINGS_H

#include "tools/tap/options.h"

/* False: it is said on stderr what is wrong. */
bool settings_read(struct tap_options *o);

#endif
