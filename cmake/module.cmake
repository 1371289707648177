# module(NAME SOURCES ... HEADERS ... USES ... PRIVATE_USES ...): one folder, one library. `USES` names
# the folders and libraries that its headers need; it is the folder's row of the include table
# (docs/architecture.md), which tests/tidy holds against the sources.
add_library(normwatch_warnings INTERFACE)
target_compile_options(normwatch_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wextra-semi -Wformat=2 -Wimplicit-fallthrough
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wuseless-cast>
    $<$<BOOL:${NORMWATCH_WERROR}>:-Werror>)

function(module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;USES;PRIVATE_USES" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
    target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE normwatch_warnings ${ARG_PRIVATE_USES})
endfunction()
