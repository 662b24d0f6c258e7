/* media.h -- the media type of a file, by its name. */
#ifndef HTTPD_MEDIA_H
#define HTTPD_MEDIA_H

const char *media_type(const char *path);

#endif
