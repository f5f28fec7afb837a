// What one call computes and where its memory lies: the only thing that Python, the dispatcher and the builds for each
// instruction set share. Names and shapes are those of the kernel contract in docs/design.md.
//
//   B batch, T steps, H hidden units, R width of h (H, or P with a projection), G gate blocks, N rows of a sequence tensor.
#pragma once

#include <cstdint>

namespace recurra {

enum class Cell : int64_t { rnn_tanh, rnn_relu, lstm, gru, gru_reset_before };
enum class Type : int64_t { float32, float64, bfloat16 };

// G, the gate blocks of a cell. A function of each file's own: the builds must not share one.
static constexpr int64_t gates_of(Cell cell) {
    return cell == Cell::lstm ? 4 : cell == Cell::gru || cell == Cell::gru_reset_before ? 3 : 1;
}

// Every member is eight bytes wide, so that Python can hand over one flat array of integers.
struct Args {
    Cell cell;
    Type type;
    int64_t threads;
    int64_t reverse;  // 1: from a row's end to its beginning
    int64_t rows, steps, batch, features, hidden, width;

    // Row n of the sequence tensors that holds step t of row b: offsets[t] + b, or t * step_stride + b * row_stride.
    int64_t step_stride, row_stride;
    const int64_t* offsets;  // [T], packed: a step holds only the rows that have not ended; or null
    const int64_t* lengths;  // [B] with offsets, longest first; or null: every row has T steps

    const void* x;  // [N, F]; or [N, G*H], multiplied by W already, where there is no input_weight

    // Weights. Null where the cell has none.
    const void* input_weight;  // W [G*H, F]
    const void* input_bias;    // b [G*H]
    const void* recurrent;   // U [G*H, R]
    const void* bias;        // b_U [G*H]
    const void* projection;  // [R, H]
    const void* peephole;    // [3, H]: i, f, o
    const void* norm;        // [G*H], gain of the layer norm over U h
    const void* norm_cell;   // [2, H], gain and bias of the layer norm over c
    const void* norm_input;  // [G*H], gain of the layer norm over x W^T

    // Noise.
    const void* dropout;        // [B, R], multiplies the h that enters U
    const uint8_t* zoneout_h;   // [N, R], 1 keeps the old value
    const uint8_t* zoneout_c;   // [N, H]
    double zoneout_rate_h, zoneout_rate_c;  // the expectation, where there is no mask

    // Forward; what is marked so may be null where no gradient will be asked for.
    void* gates;          // [N, G*H], the activated gates; may be null, may be x, may be the outputs of a plain RNN
    void* outputs;        // [N, R]
    const void* h0;       // [B, R] or null: zeros
    const void* c0;       // [B, H]
    void* h_last;         // [B, R]
    void* c_last;         // [B, H]
    void* cells;          // [N, H] in the type that is computed in: c_t of the LSTM; may be null
    void* reset_product;  // [N, H]: U_n h + b_n of the GRU (reset after); may be null
    void* normed;         // [N, G*H]: LN(U h) before its gain; may be null
    void* norm_scale;     // [N] in the type that is computed in: 1 / standard deviation of U h; may be null

    void* input_normed;   // [N, G*H]: LN(x W^T) before its gain; may be null
    void* input_scale;    // [N] in the type that is computed in: 1 / standard deviation of x W^T; may be null

    // Backward. Null where not asked for.
    const void* d_outputs;  // [N, R]
    const void* d_h_last;   // [B, R]
    const void* d_c_last;   // [B, H]
    void* d_gates;          // [N, G*H], with respect to x W^T
    void* d_x;              // [N, F]
    void* d_recurrent;      // [N, G*H] with layer norm of U h or x W^T, [N, H] (n block) of the GRU: with respect to U h + b_U
    void* h_entering;       // [N, R]: the h that entered U, for dU = d^T h
    void* reset_hidden;     // [N, H]: r * h, which entered U_n of the GRU (reset before)
    void* unprojected;      // [N, H]: o * tanh c, for the gradient of the projection
    void* d_hidden;         // [N, R]: the whole gradient of h_t, for the gradient of the projection
    void* d_h0;             // [B, R]
    void* d_c0;             // [B, H]
    void* d_input_weight;      // [G*H, F]; not of bfloat16
    void* d_recurrent_weight;  // [G*H, R]; not of bfloat16
    void* d_input_bias;        // [G*H]
    void* d_recurrent_bias;    // [G*H]
    // Sums over the steps of each row, in the type that is computed in; zeros before. The dispatcher lends the first two.
    void* d_bias;        // [B, G*H] of x W^T
    void* d_bias_n;      // [B, H] of U_n h, GRU (reset after)
    void* d_norm;        // [B, G*H]
    void* d_norm_input;  // [B, G*H]
    void* d_norm_cell;   // [B, 2, H]
    void* d_peephole;    // [B, 3, H]
};

static_assert(sizeof(Args) % 8 == 0);

}  // namespace recurra
