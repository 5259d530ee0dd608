#pragma once
#include <sched.h>

// glibc tells of this call only where _GNU_SOURCE is.
int sched_getaffinity(pid_t thread, size_t size, cpu_set_t *processors);
