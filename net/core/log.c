/*
 * Log lines of an instance: formatted here, printed by the env.
 */
#include <stdarg.h>

#include "lib/fmt.h"
#include "net/core/net.h"

#define LOG_TEXT 320u

void net_log(struct holm_net *net, enum holm_log_level level, const char *format, ...)
{
	char text[LOG_TEXT];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));
	va_list args;
	size_t n;

	if (!net->env.log)
		return;
	va_start(args, format);
	n = fmt_vprintf(&out, format, args);
	va_end(args);
	net->callbacks++;
	net->env.log(net->env.ctx, level, text, min_size(n, sizeof(text) - 1));
	net->callbacks--;
}
