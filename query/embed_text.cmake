# Writes OUTPUT, a C++ source whose function FUNCTION gives the text of INPUT.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"\n\nnamespace query {\n\n"
    "std::string_view ${FUNCTION}() {\n    return R\"embedded(${text})embedded\";\n}\n\n}  // namespace query\n")
