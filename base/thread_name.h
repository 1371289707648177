#pragma once

#include <string_view>

namespace base {

/// Names the calling thread, as `top -H` and /proc show it; at most 15 bytes (pthread_setname_np).
void name_this_thread(std::string_view name);

}  // namespace base
