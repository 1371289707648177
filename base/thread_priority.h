#pragma once

namespace base {

/// The calling thread gives way to others that want its core: work that nobody waits for at once.
/// On an idle machine it changes nothing (setpriority(2): on Linux the nice value is a thread's).
void give_way();

}  // namespace base
