/*
 * Log lines of an instance: printed by the env. What every program links does not use the formatter,
 * which is larger than most protocols.
 */
#include <stdarg.h>

#include "lib/fmt.h"
#include "net/core/net.h"

#define LOG_TEXT 320u

void net_log_text(struct holm_net *net, enum holm_log_level level, const char *text, size_t len)
{
	if (!net->env.log)
		return;
	net->callbacks++;
	net->env.log(net->env.ctx, level, text, len);
	net->callbacks--;
}

void net_log(struct holm_net *net, enum holm_log_level level, const char *format, ...)
{
	char text[LOG_TEXT];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));
	va_list args;
	size_t n;

	va_start(args, format);
	n = fmt_vprintf(&out, format, args);
	va_end(args);
	net_log_text(net, level, text, min_size(n, sizeof(text) - 1));
}
