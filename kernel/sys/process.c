/* A process: see process.h. */
#include "kernel/sys/process.h"

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/mem.h"

enum { CONSOLE_FDS = 3 };

int process_init(struct process *p, const struct sys_env *env)
{
	struct file *f;
	int err = 0;

	memset(p, 0, sizeof(*p));
	p->env = *env;
	p->fds.max = env->fds_max != 0 && env->fds_max < FDS_MAX ? env->fds_max : FDS_MAX;
	f = console_file(p, SYS_O_RDWR);
	if (!f)
		return -HOLM_ENOMEM;
	for (uint32_t i = 0; i < CONSOLE_FDS && err >= 0; i++) {
		err = fds_add(p, file_get(f), false, 0);
		if (err < 0)
			file_put(f);
	}
	file_put(f);
	if (err < 0)
		process_fini(p);
	return err < 0 ? err : 0;
}

void process_fini(struct process *p)
{
	p->exiting = true;
	fds_fini(p);
}
