# Installs what other programs link, as a CMake package and as pkg-config files:
#
#   cmake --install build/run --component development --prefix /usr/local
#
#   find_package(vigil REQUIRED COMPONENTS expose pack_mpc)
#   target_link_libraries(node PRIVATE vigil::expose vigil::pack_mpc)
#
#   g++ node.cc $(pkg-config --cflags --libs vigil-expose)
#
# Components are those below and the packs, without their simulations. Which libraries
# and third-party packages belong to one follows from the DEPENDS and LIBS of the modules. scripts/test_package.sh tries all of it from outside.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY VIGIL_MODULES)
set(vigil_components "")
foreach(module IN LISTS modules)
  if(module MATCHES "^(metrics|expose|engine|errors|resources|telemetry|testkit)$"
     OR (module MATCHES "^pack_" AND NOT module MATCHES "_(sim|all)$"))
    list(APPEND vigil_components ${module})
  endif()
endforeach()

# The modules that `name` needs, itself included, each before those it depends on: the
# order in which a linker wants static libraries.
function(vigil_closure name out)
  get_property(known GLOBAL PROPERTY VIGIL_CLOSURE_${name})
  if(known)
    set(${out} ${known} PARENT_SCOPE)
    return()
  endif()
  set(after "")
  get_target_property(depends vigil_${name} VIGIL_DEPENDS)
  foreach(dependency IN LISTS depends)
    string(REPLACE "vigil::" "" dependency ${dependency})
    vigil_closure(${dependency} more)
    # What is needed again goes behind its new user.
    list(REMOVE_ITEM after ${more})
    list(APPEND after ${more})
  endforeach()
  set_property(GLOBAL PROPERTY VIGIL_CLOSURE_${name} ${name} ${after})
  set(${out} ${name} ${after} PARENT_SCOPE)
endfunction()

# How a library in LIBS is found again by a program outside: the argument of
# find_dependency() or of pkg_check_modules(), and its name for pkg-config.
function(vigil_third_party lib find pc flag)
  set(${find} "" PARENT_SCOPE)
  set(${pc} "" PARENT_SCOPE)
  set(${flag} "" PARENT_SCOPE)
  if(lib MATCHES "^PkgConfig::(.*)$")
    set(name ${CMAKE_MATCH_1})
    set(${find} "pkg_config(${name} ${${name}_MODULE_NAME})" PARENT_SCOPE)
    set(${pc} ${${name}_MODULE_NAME} PARENT_SCOPE)
  elseif(lib STREQUAL "Threads::Threads")
    set(${find} "find_dependency(Threads)" PARENT_SCOPE)
    set(${flag} "-pthread" PARENT_SCOPE)
  elseif(lib STREQUAL "OpenSSL::SSL" OR lib STREQUAL "OpenSSL::Crypto")
    set(${find} "find_dependency(OpenSSL)" PARENT_SCOPE)
    string(REGEX REPLACE ".*::" "lib" name "${lib}")
    string(TOLOWER ${name} name)
    set(${pc} ${name} PARENT_SCOPE)
  elseif(lib STREQUAL "CURL::libcurl")
    set(${find} "find_dependency(CURL)" PARENT_SCOPE)
    set(${pc} "libcurl" PARENT_SCOPE)
  elseif(lib STREQUAL "ZLIB::ZLIB")
    set(${find} "find_dependency(ZLIB)" PARENT_SCOPE)
    set(${pc} "zlib" PARENT_SCOPE)
  elseif(lib STREQUAL "fmt::fmt")
    set(${find} "find_dependency(fmt)" PARENT_SCOPE)
    set(${pc} "fmt" PARENT_SCOPE)
  elseif(lib STREQUAL "GTest::gtest")
    set(${find} "find_dependency(GTest)" PARENT_SCOPE)
    set(${pc} "gtest" PARENT_SCOPE)
  elseif(lib STREQUAL "nlohmann_json::nlohmann_json")
    set(${find} "find_dependency(nlohmann_json)" PARENT_SCOPE)  # headers only: nothing to link
  elseif(lib MATCHES "^[a-z]+$")
    set(${flag} "-l${lib}" PARENT_SCOPE)
  else()
    message(FATAL_ERROR "cmake/package.cmake does not know how a program outside finds ${lib}")
  endif()
endfunction()

set(vigil_installed "")
set(vigil_needs "")
set(vigil_version ${PROJECT_VERSION})
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vigil)
file(RELATIVE_PATH vigil_prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" vigil_prefix_from_pc ${vigil_prefix_from_pc})

foreach(component IN LISTS vigil_components)
  vigil_closure(${component} closure)
  list(APPEND vigil_installed ${closure})
  set(finds "")
  set(requires "")
  set(archives "")
  set(flags "")
  foreach(module IN LISTS closure)
    get_target_property(type vigil_${module} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND archives -lvigil_${module})
    endif()
    get_target_property(libs vigil_${module} VIGIL_LIBS)
    if(module STREQUAL testkit)
      list(APPEND libs GTest::gtest)  # in its headers, too
    endif()
    foreach(lib IN LISTS libs)
      vigil_third_party(${lib} find pc flag)
      list(APPEND finds ${find})
      list(APPEND requires ${pc})
      list(APPEND flags ${flag})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES finds)
  list(REMOVE_DUPLICATES requires)
  list(REMOVE_DUPLICATES flags)

  string(APPEND vigil_needs "macro(vigil_find_${component})\n")
  foreach(find IN LISTS finds)
    string(REGEX REPLACE "^pkg_config\\(" "vigil_find_pkg_config(" find "${find}")
    string(APPEND vigil_needs "  ${find}\n")
  endforeach()
  string(APPEND vigil_needs "endmacro()\n")

  string(REPLACE "_" "-" vigil_pc_name vigil-${component})
  list(JOIN requires " " vigil_pc_requires)
  list(JOIN archives " " vigil_pc_archives)
  list(JOIN flags " " vigil_pc_flags)
  configure_file(cmake/vigil.pc.in ${PROJECT_BINARY_DIR}/package/${vigil_pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${vigil_pc_name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()

list(REMOVE_DUPLICATES vigil_installed)
list(TRANSFORM vigil_installed PREPEND vigil_ OUTPUT_VARIABLE targets)
install(TARGETS ${targets} EXPORT vigil-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT vigil-targets NAMESPACE vigil:: DESTINATION ${package_dir} COMPONENT development)

set(folders "")
foreach(target IN LISTS targets)
  get_target_property(folder ${target} SOURCE_DIR)
  list(APPEND folders ${folder})
endforeach()
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${folder})
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${path} COMPONENT development
          FILES_MATCHING PATTERN "*.h"
          PATTERN tests EXCLUDE PATTERN testing EXCLUDE PATTERN bench EXCLUDE PATTERN fuzz EXCLUDE PATTERN testdata EXCLUDE)
endforeach()

configure_package_config_file(cmake/vigil-config.cmake.in ${PROJECT_BINARY_DIR}/package/vigil-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/vigil-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/vigil-config.cmake ${PROJECT_BINARY_DIR}/package/vigil-config-version.cmake
        DESTINATION ${package_dir} COMPONENT development)
