module example.com/acme/small

go 1.26.0

require github.com/molsculpt/molsculpt v0.0.0

replace github.com/molsculpt/molsculpt => ../../../..
