# Declares one module: a static library `vigil_<name>` (alias `vigil::<name>`),
# its unit tests (tests/*_test.cc -> one binary `<name>_test`), fuzz targets
# (fuzz/*_fuzz.cc) and micro-benchmarks (bench/*_bench.cc).
#
#   vigil_module(promql
#     SOURCES lexer.cc parser.cc            # empty for an interface module
#     DEPENDS vigil::model vigil::metrics   # other modules; checked by the test `layers`
#     LIBS PkgConfig::re2                   # third-party libraries, private to the .cc files
#     TEST_DEPENDS vigil::storage           # more modules that only the tests use
#     TESTS tests/a_test.cc)                # instead of tests/*_test.cc: two modules in one folder
function(vigil_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBS;TEST_DEPENDS;TEST_LIBS;TESTS" ${ARGN})
  set(target vigil_${name})

  if(arg_SOURCES)
    set(scope PUBLIC)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_LIBS} $<BUILD_INTERFACE:vigil_warnings>)
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_DEPENDS})
  endif()
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_compile_features(${target} ${scope} cxx_std_23)
  add_library(vigil::${name} ALIAS ${target})
  # What cmake/package.cmake installs and lists as needed.
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} VIGIL_DEPENDS "${arg_DEPENDS}" VIGIL_LIBS "${arg_LIBS}")
  set_property(GLOBAL APPEND PROPERTY VIGIL_MODULES ${name})

  if(VIGIL_TESTS)
    if(arg_TESTS)
      set(tests ${arg_TESTS})
    else()
      file(GLOB tests CONFIGURE_DEPENDS tests/*_test.cc)
    endif()
    if(tests)
      add_executable(${name}_test ${tests})
      target_link_libraries(${name}_test PRIVATE
        vigil::${name} ${arg_TEST_DEPENDS} ${arg_LIBS} ${arg_TEST_LIBS} GTest::gmock GTest::gtest_main vigil_warnings)
      target_compile_definitions(${name}_test PRIVATE
        VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
        VIGIL_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/tests/testdata")
      add_test(NAME ${name} COMMAND ${name}_test)
    endif()
  endif()

  if(VIGIL_FUZZ)
    file(GLOB fuzzers CONFIGURE_DEPENDS fuzz/*_fuzz.cc)
    foreach(file IN LISTS fuzzers)
      get_filename_component(fuzzer ${file} NAME_WE)
      add_executable(${fuzzer} ${file})
      target_link_libraries(${fuzzer} PRIVATE vigil::${name} ${arg_TEST_DEPENDS} ${arg_LIBS} vigil_warnings)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()

  if(VIGIL_BENCH)
    file(GLOB benches CONFIGURE_DEPENDS bench/*_bench.cc)
    foreach(file IN LISTS benches)
      get_filename_component(bench ${file} NAME_WE)
      add_executable(${bench} ${file})
      target_link_libraries(${bench} PRIVATE
        vigil::${name} ${arg_TEST_DEPENDS} ${arg_LIBS} benchmark::benchmark benchmark::benchmark_main vigil_warnings)
    endforeach()
  endif()
endfunction()
