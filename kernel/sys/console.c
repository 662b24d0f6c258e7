/* The console as descriptors 0, 1 and 2: what is written appears; there is nothing to read. */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"

static int64_t console_read(struct file *f, const struct holm_iov *iov, size_t n)
{
	(void)f;
	(void)iov;
	(void)n;
	return 0; /* the end of the file, always */
}

static int64_t console_write(struct file *f, const struct holm_iov *iov, size_t n)
{
	int64_t done = 0;

	for (size_t i = 0; i < n; i++) {
		if (f->process->env.console && iov[i].len > 0)
			f->process->env.console(iov[i].base, iov[i].len);
		done += (int64_t)iov[i].len;
	}
	return done;
}

static void console_stat(struct file *f, struct sys_stat *st)
{
	(void)f;
	*st = (struct sys_stat){ .mode = SYS_S_IFCHR | 0620u, .nlink = 1, .ino = 1 };
}

static const struct file_ops console_ops = {
	.read = console_read,
	.write = console_write,
	.stat = console_stat,
};

struct file *console_file(struct process *p, int flags)
{
	return file_new(p, &console_ops, sizeof(struct file), flags);
}
