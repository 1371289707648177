# libphonenumber: Debian's runtime package, and headers unpacked by deploy/install.sh, since its -dev
# package cannot be installed beside Boost 1.81. Target: PhoneNumber::phonenumber.
find_library(PhoneNumber_LIBRARY NAMES libphonenumber.so.8 phonenumber)
find_path(PhoneNumber_INCLUDE_DIR phonenumbers/phonenumberutil.h
    HINTS ${PROJECT_SOURCE_DIR}/build/sysroot/usr/include $ENV{NORMWATCH_SYSROOT}/usr/include
          /opt/normwatch/sysroot/usr/include)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PhoneNumber
    REQUIRED_VARS PhoneNumber_LIBRARY PhoneNumber_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "run deploy/install.sh")
if(PhoneNumber_FOUND AND NOT TARGET PhoneNumber::phonenumber)
    add_library(PhoneNumber::phonenumber SHARED IMPORTED)
    set_target_properties(PhoneNumber::phonenumber PROPERTIES
        IMPORTED_LOCATION ${PhoneNumber_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${PhoneNumber_INCLUDE_DIR})
    target_link_libraries(PhoneNumber::phonenumber INTERFACE protobuf::libprotobuf)
endif()
