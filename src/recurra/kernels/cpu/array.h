// An array of Python's by the buffer protocol, which takes a tenth of a microsecond.
#pragma once

#include <Python.h>

#include <cstdint>
#include <cstring>

namespace recurra {

// An array without gaps, of one of the `formats` of Python's struct, and of the shape [rows, columns]; [columns] where `rows` is 1; [rows] without columns.
// `any` number of columns is that of an array of two dimensions.
class Array {
  public:
    static constexpr int64_t any = INT64_MAX;

    Array(PyObject* object, bool written, const char* formats, int64_t rows, int64_t columns) {
        const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (written ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(object, &view_, flags) != 0) {
            PyErr_Clear();
            return;
        }
        there_ = true;
        if (!view_.format || !view_.format[0] || view_.format[1] || !std::strchr(formats, view_.format[0])) return;
        const bool flat = view_.ndim == 1, square = view_.ndim == 2;
        fits_ = columns < 0 ? flat && (rows < 0 || view_.shape[0] == rows)
                : square    ? (rows < 0 || view_.shape[0] == rows) && (columns == any || view_.shape[1] == columns)
                            : flat && rows == 1 && view_.shape[0] == columns;
    }
    Array(const Array&) = delete;
    ~Array() {
        if (there_) PyBuffer_Release(&view_);
    }
    bool fits() const { return fits_; }
    void* data() const { return view_.buf; }
    int64_t count() const { return view_.shape[0]; }
    int64_t columns() const { return view_.shape[1]; }

  private:
    Py_buffer view_;
    bool there_ = false, fits_ = false;
};

constexpr const char* whole_numbers = sizeof(long) == 8 ? "lq" : "q";

}  // namespace recurra
