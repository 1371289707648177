#include "base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace base {

void give_way() {
    constexpr int nice_value = 5;
    static_cast<void>(
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_value));  // only a wish
}

}  // namespace base
