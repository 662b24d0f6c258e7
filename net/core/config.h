/*
 * Checks of what a program hands to holm_net_create().
 */
#ifndef NET_CORE_CONFIG_H
#define NET_CORE_CONFIG_H

#include <holm/config.h>
#include <holm/env.h>
#include <holm/frame.h>

/* Is every limit at least what the code relies on? */
bool config_is_valid(const struct holm_config *config);

/* Are size and callbacks there? log is optional. */
bool env_is_valid(const struct holm_env *env);

#endif
