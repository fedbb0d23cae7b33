# What comes from outside, all of it Debian packages. Differences between Debian 12 and 13
# are settled here.
find_package(CAF 0.17.6 REQUIRED)
find_package(RocksDB REQUIRED) # 7.8 on Debian 12, 9.10 on 13; its own check takes one major version only
find_package(yaml-cpp 0.7 REQUIRED)
if(NOT TARGET yaml-cpp AND TARGET yaml-cpp::yaml-cpp) # 0.8 named its target anew
  add_library(yaml-cpp INTERFACE IMPORTED)
  target_link_libraries(yaml-cpp INTERFACE yaml-cpp::yaml-cpp)
endif()
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
# Debian's cpp-httplib is a library with ABI-changing defines: its .pc file is the only way.
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib>=0.11)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
