/*
 * assets.c -- see assets.h.
 *
 * The assembler puts the files into read-only data as they are (compile in the top directory of the
 * tree), so that the page is an ordinary page to edit and no generator stands between.
 */
#include "assets.h"

#include <stddef.h>
#include <string.h>

#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata.asset." #name ", \"a\"\n"                                        \
		".balign 16\n"                                                                     \
		".global asset_" #name ", asset_" #name "_end\n"                                   \
		"asset_" #name ":\n"                                                               \
		".incbin \"kernel/apps/httpd/" file "\"\n"                                         \
		"asset_" #name "_end:\n"                                                           \
		".byte 0\n"                                                                        \
		".previous\n");                                                                    \
	extern const char asset_##name[], asset_##name##_end[]

EMBED(page_html, "page.html");
EMBED(page_css, "page.css");
EMBED(page_js, "page.js");
EMBED(icon_svg, "icon.svg");

struct asset {
	const char *path;
	const char *type;
	const char *data;
	const char *end;
};

static const struct asset assets[] = {
	{ "/", "text/html; charset=utf-8", asset_page_html, asset_page_html_end },
	{ "/page.css", "text/css; charset=utf-8", asset_page_css, asset_page_css_end },
	{ "/page.js", "text/javascript; charset=utf-8", asset_page_js, asset_page_js_end },
	{ "/icon.svg", "image/svg+xml", asset_icon_svg, asset_icon_svg_end },
};

struct response assets_answer(const char *path)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
		const struct asset *a = &assets[i];

		if (strcmp(a->path, path) == 0)
			return response_const(a->type, a->data, (size_t)(a->end - a->data));
	}
	return response_status(404);
}
