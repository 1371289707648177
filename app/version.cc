#include "app/version.h"

namespace app {

std::string_view version() {
    return NORMWATCH_VERSION;
}
std::string_view commit() {
    return NORMWATCH_COMMIT;
}

}  // namespace app
