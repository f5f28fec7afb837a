// Two matrices to be multiplied: see matrix_product.h.
#pragma once

#include <cstdint>

namespace recurra {

// Element (i, j) is the bfloat16 at data[i * row + j * column]; one of the strides is 1.
struct Matrix {
    const char* data;
    int64_t row, column;

    Matrix from(int64_t i, int64_t j) const { return {data + 2 * (i * row + j * column), row, column}; }
};

// C [rows, columns] = A [rows, depth] B [depth, columns], + C where it `adds`; rows of C lie `stride` apart.
struct MatrixProduct {
    Matrix a, b;
    char* c;
    int64_t stride;
    bool wide, adds;  // C is float32 instead of bfloat16; only then may it add
    int64_t rows, columns, depth;
};

}  // namespace recurra
