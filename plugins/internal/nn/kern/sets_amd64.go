package kern

import "golang.org/x/sys/cpu"

func machineSets() []*set {
	var sets []*set
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, &set{
			name: "avx2", mr: 6, nr: 16,
			gemm: []gemmFunc{nil, gemm256x1, gemm256x2, gemm256x3, gemm256x4, gemm256x5, gemm256x6},
			exp:  exp256, gelu: gelu256, geluGrad: geluGrad256, add: add256, scale: scale256, axpy: axpy256,
			maxAdd: maxAdd256, dot: dot256, expAddSum: expAddSum256, adam: adam256, norm: norm256, normGrad: normGrad256,
			attend: attend256, attendGradQ: attendGradQ256, attendGradKV: attendGradKV256,
		})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasFMA {
		sets = append(sets, &set{
			name: "avx512", mr: 12, nr: 32,
			gemm: []gemmFunc{
				nil, gemm512x1, gemm512x2, gemm512x3, gemm512x4, gemm512x5, gemm512x6,
				gemm512x7, gemm512x8, gemm512x9, gemm512x10, gemm512x11, gemm512x12,
			},
			exp: exp512, gelu: gelu512, geluGrad: geluGrad512, add: add512, scale: scale512, axpy: axpy512,
			maxAdd: maxAdd512, dot: dot512, expAddSum: expAddSum512, adam: adam512, norm: norm512, normGrad: normGrad512,
			attend: attend512, attendGradQ: attendGradQ512, attendGradKV: attendGradKV512,
		})
	}
	return sets
}
