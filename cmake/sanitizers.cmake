if(VIGIL_SANITIZE)
  add_compile_options(-fsanitize=${VIGIL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(VIGIL_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has a fence around each handler; GCC warns that TSan does not model it. The
    # queues that hand handlers over are locked, which TSan does see.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=${VIGIL_SANITIZE})
endif()
