#include "textflag.h"

// func common512(dst []int32, query, rows []uint64)
// Each pass of row makes eight sums in Z0 and then one of them.
TEXT ·common512(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ query_base+24(FP), SI
	MOVQ query_len+32(FP), DX
	MOVQ rows_base+48(FP), BX
	SHLQ $3, DX

row:
	VPXORQ Z0, Z0, Z0
	XORQ   AX, AX

block:
	VMOVDQU64 (SI)(AX*1), Z1
	VPANDQ    (BX)(AX*1), Z1, Z1
	VPOPCNTQ  Z1, Z1
	VPADDQ    Z1, Z0, Z0
	ADDQ      $64, AX
	CMPQ      AX, DX
	JB        block

	VEXTRACTI64X4 $1, Z0, Y1
	VPADDQ        Y1, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDQ        X1, X0, X0
	VPSRLDQ       $8, X0, X1
	VPADDQ        X1, X0, X0
	VMOVD         X0, (DI)
	ADDQ          DX, BX
	ADDQ          $4, DI
	DECQ          CX
	JNZ           row
	VZEROUPPER
	RET

// func cpuid(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

// func xgetbv() (a, d uint32)
TEXT ·xgetbv(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	MOVL AX, a+0(FP)
	MOVL DX, d+4(FP)
	RET
