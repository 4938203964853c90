// How late a timer wakes a program: sleeps to the next whole millisecond, time and again, and prints in nanoseconds
// "LATENCY rounds median p99 max". Arguments: rounds; "fifo" for the real-time scheduler, under which no other program is
// waited for. Without it the kernel may not be late on purpose either (timer slack).
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum { kMostRounds = 1000000, kPeriod = 1000000, kSecond = 1000000000 };
static long late[kMostRounds];

static int compare(const void *left, const void *right) {
    const long a = *(const long *)left, b = *(const long *)right;
    return (a > b) - (a < b);
}

static long since(const struct timespec *then) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - then->tv_sec) * kSecond + now.tv_nsec - then->tv_nsec;
}

int main(int count, char **words) {
    const long rounds = count > 1 ? atol(words[1]) : 1000;
    const struct sched_param highest = {.sched_priority = 80};
    if (rounds < 1 || rounds > kMostRounds) return 1;
    if (count > 2 && strcmp(words[2], "fifo") == 0 && sched_setscheduler(0, SCHED_FIFO, &highest) != 0) return 1;
    if (prctl(PR_SET_TIMERSLACK, 1ul) != 0 || mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return 1;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long i = 0; i < rounds; ++i) {
        // A wake-up later than the period: the next one is counted from now.
        const long missed = since(&next) / kPeriod + 1;
        next.tv_nsec += missed * kPeriod;
        next.tv_sec += next.tv_nsec / kSecond;
        next.tv_nsec %= kSecond;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0) {
        }
        late[i] = since(&next);
    }
    qsort(late, rounds, sizeof late[0], compare);
    printf("LATENCY %ld %ld %ld %ld\n", rounds, late[rounds / 2], late[rounds * 99 / 100], late[rounds - 1]);
    return 0;
}
