// What one build of the engine, for one instruction set, offers to the dispatcher.
#pragma once

#include "args.h"
#include "loss.h"
#include "matrix.h"
#include "stack.h"

namespace recurra {

struct Build {
    const char* name;
    const Traits* cells;  // `Args::cell` is a place in it
    int64_t cell_count;
    // Bytes that the packed weights of a call take; packs them where `memory` is given. Aligned to 64.
    int64_t (*prepare)(const Args&, bool backward, char* memory);
    // Bytes of working memory for `rows` rows.
    int64_t (*scratch)(const Args&, bool backward, int64_t rows);
    // How many rows to take through all steps together.
    int64_t (*rows_at_once)(const Args&, bool backward);
    // Takes the rows `ids`, longest first, through all steps, with the weights that `prepare` left in `packed`.
    void (*run)(const Args&, bool backward, const int64_t* ids, int64_t count, char* packed, char* scratch);
    // The gate units from `begin` to `end` of the gradients of W, U and the biases, after all rows have run; without
    // `memory` only the bytes that it takes.
    int64_t (*gradients)(const Args&, int64_t begin, int64_t end, char* memory);
    // One step at a time: bytes of the packed head, which is packed where `memory` is given; bytes of the working memory of a
    // block of rows, which is made ready; and the step itself.
    int64_t (*prepare_head)(const Head&, Type, char* memory);
    int64_t (*step_scratch)(const Stack&, char* memory);
    void (*step)(const Stack&, const Step&, char* scratch);
    // What a head in 8 bits makes of rows; without `memory` only the bytes that it takes.
    int64_t (*answer)(const Head&, const float* x, float* y, int64_t rows, char* memory);
    // log sum exp of each row of x [rows, count].
    void (*log_sums)(const float* x, int64_t rows, int64_t count, float* sums);
    // The cross-entropy of logits z, float32 or bfloat16, and its gradient in their place: see softmax.h.
    double (*cross_entropy)(void* z, Type, const int64_t* targets, int64_t rows, const Loss&, float* powers, float* d_bias);
    // The product of two matrices of bfloat16, with `memory`; the bytes that it takes, 0 where this build has no product.
    int64_t (*matrix_product)(const MatrixProduct&, char* memory);
};

#define RECURRA_BUILD(isa)     \
    namespace isa {            \
    extern const Build build;  \
    }
RECURRA_BUILD(generic)
RECURRA_BUILD(avx2)
RECURRA_BUILD(avx512)
RECURRA_BUILD(avx512_bf16)
RECURRA_BUILD(avx512_amx)
#undef RECURRA_BUILD

}  // namespace recurra
