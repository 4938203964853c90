#include "sandbox/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sandbox/in_child.h"

namespace hospes::sandbox {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Descriptors, OnlyTheNamedStayOpen) {
    EXPECT_TRUE(fine(in_child([] {
        for (const int fd : {3, 4, 5, 6, 500}) ::dup2(STDERR_FILENO, fd);
        if (!close_all_but({5, 2, 3, 2}).ok()) return 1;
        const bool right = !is_open(0) && !is_open(1) && is_open(2) && is_open(3) && !is_open(4) && is_open(5) &&
                           !is_open(6) && !is_open(500);
        return right ? 0 : 2;
    })));
}

TEST(Descriptors, NoneIsNamed) {
    EXPECT_TRUE(fine(in_child([] {
        if (!close_all_but({}).ok()) return 1;
        return is_open(0) || is_open(2) ? 2 : 0;
    })));
}

}  // namespace
}  // namespace hospes::sandbox
