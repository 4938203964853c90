#include "vmm/run.h"

int main(int count, char** words) { return hospes::vmm::run(count, words); }
