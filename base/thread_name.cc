#include "base/thread_name.h"

#include <pthread.h>

#include <string>

namespace base {

void name_this_thread(std::string_view name) {
    constexpr std::size_t bytes_max = 15;
    static_cast<void>(
        ::pthread_setname_np(::pthread_self(), std::string(name.substr(0, bytes_max)).c_str()));
}

}  // namespace base
